import _broken


def main():
    print(_broken)
