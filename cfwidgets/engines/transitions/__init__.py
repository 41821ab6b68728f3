"""Transitions: the reason for a misclassification, seen between its wrong class and its true one."""
