// RUN: xdsl-opt -p lower-kernels --verify-diagnostics %s | filecheck %s

func.func @net(%x: memref<8xi8, #dsconv.space<l1>>, %i: index) {
  dsconv.run @missing(%x) at %i, %i : memref<8xi8, #dsconv.space<l1>>
  func.return
}
// CHECK: '@missing' could not be found in symbol table
