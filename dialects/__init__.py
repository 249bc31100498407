"""The dsconv dialect: types, attributes, operations and their reference semantics."""
