// Package par runs work on several cores such that the result does not depend on how many there are.
//
//	n, size ──▶ fixed chunks ──▶ workers take the next chunk ──▶ caller reduces in chunk order
//
// Chunk bounds depend on the amount of work only, never on the number of workers, so anything that is summed
// per chunk and added in chunk order has the same bytes with 1 worker and with 64.
package par
