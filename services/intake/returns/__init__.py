"""Bad leads that got through: asked back under the order's terms, decided, paid back, disputed."""
