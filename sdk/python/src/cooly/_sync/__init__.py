"""The client that waits, made of the one that is awaited.

# Written by hand for each of the two clients.
"""
