"""Clocks agreed with sales: from a lead's purchase to the first real attempt to reach its person."""
