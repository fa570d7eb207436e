"""The ways in which a statement binds a name."""

PLAIN, CHAINED, TUPLE, AUGMENTED, ITEM = "plain", "chained", "tuple", "augmented", "item"
LOOP, WITH, EXCEPT, IMPORT, ALIAS = "loop", "with", "except", "import", "alias"
DEF, CLASS = "def", "class"
PARAMETER, DELETE, GLOBAL, DYNAMIC = "parameter", "del", "global", "dynamic"
