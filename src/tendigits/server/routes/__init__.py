"""The addresses that a server answers at, a file each group."""
