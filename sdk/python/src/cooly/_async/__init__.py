"""The client that is awaited.

# Written by hand for each of the two clients.
"""
