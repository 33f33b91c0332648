package peer

// Raced tells whether the race detector is on.
const Raced = raced
