// Package engine recommends with what is known about users and items and with what was done, and says why.
//
//	Import, Add… ──▶ graph ──▶ Embed (text vectors) ──▶ Train ──▶ model file, published whole
//	                                                                │
//	                    new nodes, new interactions ──▶ fold-in ──▶ Recommend · Similar · Explain · Evaluate
//
//	texts ──▶ EnrichAttributes (a chat model) · EnrichLink (names) ──▶ proposals, apart from the graph
//	graph ──▶ EnrichComplete (predicted, see EvaluateTriples) ─────────┘
//	                                       ReviewAccept ──▶ graph        ReviewRemove: all of a source back again
//
// An Engine owns one store (package graph) and one model. Ids are strings; everything dense stays inside. Training reads
// the graph once; queries read the published model, and from the store only what came after it. See DefaultConfig for the
// model and where its defaults come from.
//
// What counts in the next answer, without training: new users and items with all that is known about them, what any user
// does, prefers or is said to be, and who chose a new item. What waits for the next Train: facts about items that the
// model knows, and interactions as evidence about these; TrainOptions.SinceLast takes in the latter without training from
// nothing. Errors wrap the sentinels of this package, those of the store included.
package engine
