def main():
    print("never built")
