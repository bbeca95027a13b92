// Package chat asks language models, through any server that speaks OpenAI's chat interface.
//
//	Request ──▶ Cached ── answers by hash of model, prompt version and request ── Cache (the engine's store)
//	              └─▶ Client ──▶ OpenAI, Ollama, vLLM, llama.cpp, …
//
// It stands on what package embed's client stands on: the same doer, retries, rate limits, secrets and errors. What a
// model answers is text from a stranger: this package promises that it arrived whole and was paid for once, not that it
// is true or of any form. Package engine checks it and keeps it in quarantine.
package chat
