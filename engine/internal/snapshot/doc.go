// Package snapshot is the file format of a trained model: named sections of numbers or bytes, each with a checksum.
//
//	"KENMODEL" ∥ version u32 ∥ directory length u32 ∥ directory JSON ∥ CRC-32C of all that u32 ∥ sections
//
// The directory lists for each section its name, element kind, rows, columns, offset, length and CRC-32C. All numbers are
// little-endian. A file is written beside its place, synced and renamed, so a reader sees the old model or the new one.
// Reading checks every size against the file before it allocates, and every checksum before it returns.
package snapshot
