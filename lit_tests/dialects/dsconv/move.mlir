// RUN: xdsl-opt %s | xdsl-opt | filecheck %s
// RUN: xdsl-opt --print-op-generic %s | filecheck %s --check-prefix GENERIC

%a, %b = "test.op"() : () -> (memref<16xi8, #dsconv.space<l1>>, memref<16xi8, #dsconv.space<l1>>)
%from, %to, %later = "test.op"() : () -> (index, index, i1)

dsconv.move %a[%from] to %b[%to] bytes 4 : memref<16xi8, #dsconv.space<l1>> to memref<16xi8, #dsconv.space<l1>>
// CHECK: dsconv.move %a[%from] to %b[%to] bytes 4 : memref<16xi8, #dsconv.space<l1>> to memref<16xi8, #dsconv.space<l1>>
// GENERIC: "dsconv.move"(%a, %from, %b, %to) <{size = 4 : i64}>

dsconv.move %a[%from] to %b[%to] bytes 2 when %later {lines = 3, line_stride = 5} : memref<16xi8, #dsconv.space<l1>> to memref<16xi8, #dsconv.space<l1>>
// CHECK: dsconv.move %a[%from] to %b[%to] bytes 2 when %later {lines = 3 : i64, line_stride = 5 : i64} : memref<16xi8, #dsconv.space<l1>> to
