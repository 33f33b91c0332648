package contract

// Analyse returns what is doubtful in a contract.
func Analyse(c *Contract) []Diagnostic { return nil }
