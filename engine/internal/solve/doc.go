// Package solve computes rows of a matrix factorisation exactly, the other side held fixed.
//
//	rows of one kind (users, items, contexts) ──▶ Problem ──▶ Solver.HalfStep ──▶ their factors
//	one new row at serving time               ──▶ Row     ──▶ Solver.Row      ──▶ its factors
//
// A row x minimises Σ_j c_j (t_j − x·f_j)² + xᵀGx + λ|x − p|², which is convex, so the minimum is the solution of
// one f×f linear system.
package solve
