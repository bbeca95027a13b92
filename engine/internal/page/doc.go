// Package page asks the system for large pages of memory.
//
//	new memory of 4 MiB and more ──▶ Huge ──▶ pages of 2 MiB wherever a whole one fits inside
//
// A row that is fetched from anywhere in a large matrix costs a look-up of its page beside the row itself, and pages of 4 KiB are
// too many for the table of the processor that remembers them. NumPy asks for the same from the same size on, so the arrays that the
// peers of the speed command are given have them as well. Matrices of which only some rows may be written do not belong here.
package page
