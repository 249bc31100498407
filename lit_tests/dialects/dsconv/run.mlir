// RUN: xdsl-opt %s | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | filecheck %s --check-prefix=GENERIC

%x, %y, %row, %column = "test.op"() : () -> (memref<32xi8, #dsconv.space<l1>>, memref<8xi8, #dsconv.space<l1>>, index, index)

dsconv.run @dw_kernel(%x, %y) at %row, %column : memref<32xi8, #dsconv.space<l1>>, memref<8xi8, #dsconv.space<l1>>
// CHECK: dsconv.run @dw_kernel(%x, %y) at %row, %column : memref<32xi8, #dsconv.space<l1>>, memref<8xi8, #dsconv.space<l1>>
// GENERIC: "dsconv.run"(%x, %y, %row, %column) <{kernel = @dw_kernel}> : (memref<32xi8, #dsconv.space<l1>>, memref<8xi8, #dsconv.space<l1>>, index, index) -> ()
