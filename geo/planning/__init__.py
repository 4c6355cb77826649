"""Planning a joint inspection: from a map to a crew on the road."""
