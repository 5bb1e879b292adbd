"""What is loaded into the Hub's own process.

spawners    servers that start in the entrypoint that their user chose
"""
