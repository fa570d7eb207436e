"""A whole Synnefo 0.13 site in one directory, to practise on and to test with."""
