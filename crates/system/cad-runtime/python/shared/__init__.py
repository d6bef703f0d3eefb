"""What an agent's script imports: metadata of parts, enumerations, result shapes, events."""
