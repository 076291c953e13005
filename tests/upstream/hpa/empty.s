// Lets this package declare functions without bodies (see upstream.go).
