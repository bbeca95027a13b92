// Package embedtest provides stand-ins for tests of what uses package embed: a server that speaks the OpenAI
// embeddings API and misbehaves on demand, an Embedder that counts and fails on demand, a cache and a clock in memory.
package embedtest
