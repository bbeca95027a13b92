// Package embed turns texts into vectors.
//
//	            ┌─ Cached ── vectors by hash of model and text ── Cache (a *graph.Store)
//	texts ──────┤
//	            └─ Embedder ─┬─ Builtin   in process, 16 languages, weights in package usem3
//	                         ├─ OpenAI    any OpenAI-compatible server
//	                         └─ Hash      words and parts of words, no data at all
//
// # Which one
//
// Builtin is the default: sentence vectors of 512 numbers without key, server or network, about 600 short texts per
// CPU-second, near the quality of small sentence transformers and able to compare texts across languages. Hash knows
// words, not meanings; it is for tests and for builds without weights. OpenAI is for whatever model a server offers:
//
//	embed.NewOpenAI(embed.Config{Model: "text-embedding-3-small", Key: embed.NewSecret(os.Getenv("OPENAI_API_KEY"))})
//	embed.NewOpenAI(embed.Config{BaseURL: "http://localhost:11434/v1", Model: "bge-m3"})                       // Ollama
//	embed.NewOpenAI(embed.Config{BaseURL: "http://localhost:8000/v1", Model: "intfloat/multilingual-e5-small"}) // vLLM
//	embed.NewOpenAI(embed.Config{BaseURL: "http://localhost:8080/v1", Model: "all-minilm"})                    // llama.cpp
//
// # What is promised
//
// One vector per text, in order, all of one length, finite and with a norm. Vectors are as the model gives them: before
// they are used to recommend, the corpus mean should be subtracted (package engine does), because sentence vectors
// share a large common direction.
//
// Vectors of different models never mix: Model().Name names provider, model, dimension and host, is part of every
// cache key, and is stored beside the vectors.
//
// No text is paid for twice: Cached stores each batch before the next one goes out. One bad text does not sink its
// batch: it is nil in the result and listed in a *PartialError. The API key stands in no error and no log.
package embed
