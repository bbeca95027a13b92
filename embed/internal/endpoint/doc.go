// Package endpoint is what the clients of OpenAI-compatible servers share: the doer under go-openai that keeps keys and
// bodies in bounds, retries, rate limits, the check of addresses, and the errors of package embed.
package endpoint
