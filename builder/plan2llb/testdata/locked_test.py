print("\nOK\n")
