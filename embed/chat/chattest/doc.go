// Package chattest provides stand-ins for tests of what uses package chat: a server that speaks the OpenAI chat API and
// misbehaves on demand, a model that answers as a function says, and a cache in memory.
package chattest
