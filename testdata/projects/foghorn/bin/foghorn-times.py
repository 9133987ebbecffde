#!python
import foghorn

print(*foghorn.SIGNALS, sep="\n")
