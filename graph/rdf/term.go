package rdf

// Kind is what a Term is. The zero Kind means that there is no term, as for the graph of a triple.
type Kind uint8

// The kinds of terms.
const (
	IRI Kind = iota + 1
	Blank
	Literal
)

// Term is an IRI, a blank node or a literal.
type Term struct {
	Kind  Kind
	Value string // the IRI without brackets, the label without _:, the literal's text without quotes and escapes
	Lang  string // language tag of a literal as written, "" for none
	// Datatype is the IRI of a literal's datatype; "" for plain strings (xsd:string) and those with a language.
	Datatype string
}

// Statement is a triple, or a quad when Graph has a kind.
type Statement struct {
	Subject, Predicate, Object, Graph Term
	Line                              int64 // where the object ends in the input, from 1
}

// Namespaces and names that the grammar itself speaks of, and some that importers need.
const (
	NamespaceRDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
	NamespaceXSD = "http://www.w3.org/2001/XMLSchema#"

	typeIRI    = NamespaceRDF + "type"
	firstIRI   = NamespaceRDF + "first"
	restIRI    = NamespaceRDF + "rest"
	nilIRI     = NamespaceRDF + "nil"
	xsdString  = NamespaceXSD + "string"
	xsdInteger = NamespaceXSD + "integer"
	xsdDecimal = NamespaceXSD + "decimal"
	xsdDouble  = NamespaceXSD + "double"
	xsdBoolean = NamespaceXSD + "boolean"
)
