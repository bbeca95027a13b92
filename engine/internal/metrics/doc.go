// Package metrics judges recommendations. It knows slices of dense item numbers and nothing of models or stores.
//
//	list of one user ─▶ Hits ─▶ Score: recall, precision, HR, MRR, AP, NDCG ─┬▶ Intervals    mean and 95 % interval over users
//	held-out set T ───▶                                                      └▶ PairedTest   is one model better than another?
//	all lists ────────▶ Exposure ─▶ Coverage, Gini; Novelty, MeanPopularity, Diversity
//	labelled rows ────▶ AUC, F1, BestThreshold, LogLoss, RMSE
//
// T is a user's set of held-out items, k the length a list is cut to. The definitions are written out at each function
// because the field has several under each name: for one list (two of twenty relevant items returned, both right, k = 10)
// the NDCG is 1.000 with the ideal over the returned list, 0.359 with the ideal over min(k, |T|), which is ours, and
// 0.232 with the ideal over |T|. Users with an empty T have no value in any list metric: the caller leaves them out and counts them.
//
// Everything is a pure function, safe for concurrent use, and the same for the same arguments: what draws random numbers
// takes a seed. No result is NaN or infinite when the inputs are finite.
package metrics
