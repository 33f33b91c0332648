package app

import "slices"

// Order returns the order in which applications start: each after those that it
// needs, and otherwise in the order given. It starts nothing and reads no
// configuration. The error is a [*SpecError], an [*Error] with [ErrAlreadyLoaded]
// for one that is there twice, an [*Error] with a [*NeedsError] for one that needs
// another that is not among them, or a [*CycleError].
func Order(apps ...App) ([]string, error) {
	c := &controller{apps: map[string]*application{}}
	if err := c.loadable(apps); err != nil {
		return nil, err
	}
	c.load(&reading{apps: apps})
	var order []string
	for _, a := range apps {
		root := c.apps[a.d.name]
		for root.status != Running {
			next, err := c.lowest(root)
			if err != nil {
				return nil, err
			}
			next.status = Running
			order = append(order, next.app.d.name)
		}
	}
	return slices.Clip(order), nil
}
