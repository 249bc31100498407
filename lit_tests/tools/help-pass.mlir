// RUN: dsconv-opt --help-pass tile-l1 | filecheck %s

// CHECK:      tile-l1
// CHECK-EMPTY:
// CHECK-NEXT: Writes a `tile` to every layer that has none.
// CHECK:      options:
// CHECK-NEXT:   l1: int | None (default None)
// CHECK-NEXT:   cores: int | None (default None)
// CHECK-NEXT:   buffers: int (default 0)
