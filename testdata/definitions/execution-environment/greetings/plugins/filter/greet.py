"""A filter that says good day."""


class FilterModule:
    def filters(self):
        return {"greet": lambda name: "good day, " + name}
