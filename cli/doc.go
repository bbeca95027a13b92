// Package cli is the command line of ken: it reads flags and the environment, calls engine, and prints.
//
//	os.Args ──▶ arrange ──▶ urfave ──▶ newXCommand ──▶ engine ──▶ report ──▶ stdout  (data: table, JSON or TSV)
//	            flags in      values     one file a                  └──────▶ stderr  (talk: progress, hints, errors)
//	            any place                command
//
// Nothing here is read by other packages: a program that wants what ken does imports engine. Main neither ends the
// process nor touches a stream that it was not given, so tests drive it as a function.
package cli
