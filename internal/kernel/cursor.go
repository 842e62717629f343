package kernel

// cursor stands at one row of a task that goes the portable way.
type cursor[F Float] struct {
	*task[F]
	row
	offset [operandCount]int
	factor float64 // g without the class factors
}

// weigh sets g where it differs along the classes, and reports whether any of it is
// not 0.
func (c *cursor[F]) weigh() bool {
	if c.row.uniform {
		return true
	}
	c.fillWeights()
	for o, is := range c.classFactor {
		if !is {
			continue
		}
		multiply(c.g, c.tensors[o], c.offset[o], c.problem.Axis)
	}
	return !allZero(c.g)
}

func (c *cursor[F]) fillWeights() {
	c.allocate()
	for i := range c.g {
		c.g[i] = c.factor
	}
}

// load fills the row.
func (c *cursor[F]) load() {
	if c.row.uniform {
		c.fillWeights()
	}
	axis := c.problem.Axis
	gather(c.x, c.tensors[predOperand], c.offset[predOperand], axis)
	gather(c.work, c.tensors[targetOperand], c.offset[targetOperand], axis)
	if c.problem.Family == KL {
		c.loadDistributions(c.work)
	} else {
		c.loadBoth(c.work)
	}
	if v := c.tensors[tangentOperand]; v.Data != nil {
		gather(c.v, v, c.offset[tangentOperand], axis)
	}
}

// store writes row.out.
func (c *cursor[F]) store() {
	scatter(c.tensors[outOperand], c.offset[outOperand], c.problem.Axis, c.out)
}
