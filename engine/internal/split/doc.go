// Package split parts interactions into a training part and a held-out part.
//
//	events ─▶ pairs (user, item) ─▶ Random, PerUser, KFold            by chance
//	                             ─▶ LeaveLastOut, ByTime              by time
//	                             ─▶ ColdItems, ColdUsers              whole items or users
//	                             ─▶ Split{Train, Test, Out} row numbers, each in the order given
//
// The unit is the pair, not the row: somebody who viewed, bought and rated an item has three rows and one pair, and all
// three go to one side. Split by row, a held-out purchase of something whose view stays in training could never be hit,
// since what a user already has is not recommended.
//
// Promises of every function: it leaves its argument alone; the parts are disjoint and together hold every row; the
// same events and seed give the same parts on every machine; neither part is empty when it returns no error.
package split
