// Package tabular reads rows from files that other programs write: TSV, CSV, JSON Lines, space-separated lists,
// compressed or not, and arrays of NumPy.
//
//	file ─▶ Decompress (gzip, zstd, by magic bytes) ─▶ Reader      one Row per line: TSV, CSV, lists
//	                                                 ├▶ JSONReader  one Object per line: JSON Lines
//	                                                 └▶ NPY         one Vector per row: .npy
//
// A bad row costs that row: Read returns a *RowError with line, column and a reason in one sentence, and the next call
// goes on with the next row. Any other error but io.EOF ends the file (a broken stream, UTF-16, a bomb).
// What a column means is not known here; the engine maps names to users, items, relations and so on.
//
// Limits: a line or record has at most 16 MiB, a field at most 1 MiB, so memory is bounded whatever the file holds.
// Readers are not safe for concurrent use. What Read returns is valid until the next Read.
package tabular
