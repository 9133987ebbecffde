"""What browsers see; static is made from the folder web beside this package."""
