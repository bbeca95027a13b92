// Package engine recommends with what is known about users and items and with what was done, and says why.
//
//	Import ──▶ graph ──▶ Embed (text vectors) ──▶ Train ──▶ model file, published whole
//	                                                          │
//	              new nodes, new interactions ──▶ fold-in ──▶ Recommend · Similar · Explain · Evaluate
//
// An Engine owns one store (package graph) and one model. Ids are strings; everything dense stays inside. Training reads
// the graph once; queries read the published model, and from the store only what came after it. See DefaultConfig for the
// model and where its defaults come from.
package engine
