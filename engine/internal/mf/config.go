package mf

import "fmt"

// Config is the hyper-parameters of one factorisation.
type Config struct {
	Factors      int       // f, factor size
	Iterations   int       // sweeps over users, contexts and items
	Alpha        float64   // α, weight of an unobserved (user, warm item) cell against an observed one
	Reg          float64   // λ: a row's regularisation is λ·mass^ν
	RegExponent  float64   // ν, 0 to 1: how far regularisation grows with the mass of a row's terms
	ContextAlpha float64   // α_z, weight of an absent (item, context) cell against a present one
	Ridge        float64   // ρ, regularisation of the feature maps W
	Prior        PriorMode // whether the prior holds warm items during training
	HeadReg      float64   // λ of the knowledge head, which scores cold items
	WarmAlpha    float64   // α of the sweeps that settle users and warm items at the end; 0: there are none
	WarmReg      float64   // λ of those sweeps
	Seed         uint64    // of the starting factors
}

// PriorMode says how far the features' prior holds warm items. Cold items always have the whole of it.
type PriorMode string

// The prior modes.
const (
	PriorAuto PriorMode = ""    // by 0.3: on four data sets within 1 % of the best of 0, 0.3 and 1, where 0 and 1 each lost up to 5 %
	PriorOn   PriorMode = "on"  // whole
	PriorOff  PriorMode = "off" // not at all: warm items are held to zero
)

// settled is share for sweeps that settle warm items: the features' maps are theirs alone then, and all of it is best.
func (m PriorMode) settled() float32 {
	if m == PriorOff {
		return 0
	}
	return 1
}

// share is the factor g in λ‖v − g·Wᵀh‖².
func (m PriorMode) share() float32 {
	switch m {
	case PriorOn:
		return 1
	case PriorOff:
		return 0
	}
	return 0.3
}

// Validate reports the first field out of range.
func (c Config) Validate() error {
	switch {
	case c.Factors < 1 || c.Factors > 512:
		return fmt.Errorf("factors is %d, want 1 to 512", c.Factors)
	case c.Iterations < 1 || c.Iterations > 1000:
		return fmt.Errorf("iterations is %d, want 1 to 1000", c.Iterations)
	case !(c.Alpha >= 0 && c.Alpha <= 100):
		return fmt.Errorf("alpha is %g, want 0 to 100", c.Alpha)
	case !(c.Reg > 0 && c.Reg <= 1e6):
		return fmt.Errorf("reg is %g, want above 0 and at most 1e6", c.Reg)
	case !(c.RegExponent >= 0 && c.RegExponent <= 1):
		return fmt.Errorf("reg exponent is %g, want 0 to 1", c.RegExponent)
	case !(c.ContextAlpha >= 0 && c.ContextAlpha <= 100):
		return fmt.Errorf("context alpha is %g, want 0 to 100", c.ContextAlpha)
	case !(c.Ridge > 0 && c.Ridge <= 1e9):
		return fmt.Errorf("ridge is %g, want above 0 and at most 1e9", c.Ridge)
	case c.Prior != PriorAuto && c.Prior != PriorOn && c.Prior != PriorOff:
		return fmt.Errorf("prior is %q, want on, off or nothing", c.Prior)
	case !(c.HeadReg > 0 && c.HeadReg <= 1e6):
		return fmt.Errorf("head reg is %g, want above 0 and at most 1e6", c.HeadReg)
	case !(c.WarmAlpha >= 0 && c.WarmAlpha <= 100):
		return fmt.Errorf("warm alpha is %g, want 0 to 100", c.WarmAlpha)
	case c.WarmAlpha > 0 && !(c.WarmReg > 0 && c.WarmReg <= 1e6):
		return fmt.Errorf("warm reg is %g, want above 0 and at most 1e6", c.WarmReg)
	}
	return nil
}
