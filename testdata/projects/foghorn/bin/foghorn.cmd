@echo hoot
