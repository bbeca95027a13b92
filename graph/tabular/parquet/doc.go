// Package parquet reads the rows of Parquet files as the objects that JSON Lines would give.
//
//	io.ReaderAt ─▶ Open: footer, sizes checked ─▶ Reader.Read ─▶ tabular.Object ─▶ engine.Source.Objects
//
// Columns of groups are named by their path, a.b; repeated ones become arrays; moments become {"time": Unix seconds}.
// It stands apart from package tabular because parquet-go is large and few programs need it.
//
// Parquet is a format that libraries trust too much. What this package promises for any bytes: no panic; no page or
// column chunk that the footer announces as larger than 256 MiB, or a thousand times its compressed size, is opened; no
// read waits longer than a minute. Whatever fails is an error that names the file's fault. Files compressed by LZ4 are
// refused, since a damaged page of them takes all the memory there is. What is not promised: a page whose own header or
// compressed data contradicts the footer may take more memory than the footer says.
package parquet
