// Package mf fits the knowledge matrix factorisation: users, items and knowledge contexts in one latent space.
//
//	X users × items      behaviour: confidence c, target t
//	C contexts × items   knowledge: a context is (relation, direction, other end); it has chosen its items as a user has
//	H items × d          enriched features: text, structure, popularity
//
//	  X ──▶ U ◀─┐                       P = H W   prior of the items
//	            ├── V ◀── ridge W ◀──── H
//	  C ──▶ Z ◀─┘
//
// One loss holds all of it (DESIGN, section 3):
//
//	Σ c_ui (t_ui − u·v)² + α Σ_{u, warm i} (u·v)²
//	+ Σ s_z (1 − v·z)² + α_z Σ (v·z)²
//	+ Σ λ_i ‖v_i − Wᵀh_i‖² + Σ λ_u ‖u − p_u‖² + Σ λ_z ‖z‖² + ρ ‖W‖²
//
// and one closed-form half-step (package solve) solves every kind of row. A cold item is no negative: nobody could have
// chosen it. Sources: Hu, Koren, Volinsky 2008 (implicit ALS); Rendle et al. 2022 (frequency-scaled regularisation);
// Singh, Gordon 2008 (collective factorisation).
//
// Results are the same bytes for any number of workers.
package mf
