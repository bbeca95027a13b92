// Package rdf reads N-Triples, N-Quads and Turtle (RDF 1.1) as streams and writes N-Triples and N-Quads.
//
//	bytes ─▶ NTriples / NQuads / Turtle ─▶ iter.Seq2[Statement, error]        Statement ─▶ Writer ─▶ bytes
//
// The readers follow the grammars of the W3C Recommendations of 2014 and accept and refuse what their test suites want.
// Syntax that only RDF 1.2 drafts have (triple terms, annotations, directions, VERSION) is refused by name.
// Memory is bounded by the longest line or token (16 MiB unless Options say less) and the nesting depth, never by the file.
//
// Sources: RDF 1.1 N-Triples, RDF 1.1 N-Quads, RDF 1.1 Turtle; RFC 3986 section 5.2 for relative IRIs.
package rdf
