// RUN: xdsl-opt -p lower-to-upstream,canonicalize,cse %s | filecheck %s

// A network of the machine level becomes a function on memrefs of bytes: L2 is the default memory space, L1
// is space 1, L3 is space 3. Buffers are views of one array for each memory, transfers are copies at once,
// and the only core does all work.

// CHECK:      func.func private @kernel(%x: memref<8xi8, 1 : i64>, %y: memref<4xi8, 1 : i64>, %row: index) {
// CHECK-NOT:  dsconv
func.func private @kernel(%x: memref<8xi8, #dsconv.space<l1>>, %y: memref<4xi8, #dsconv.space<l1>>, %row: index) {
  // The only core is number 0 of 1: its loop runs once.
  // CHECK-NOT:  scf.for
  %core = dsconv.core_id
  %cores = dsconv.cores
  scf.for %i = %core to %cores step %cores {
    // A word is four bytes, the first one lowest.
    // CHECK-NEXT: memref.load %x[%row] : memref<8xi8, 1 : i64>
    // CHECK-NEXT: arith.extui
    // CHECK:      memref.load %x
    // CHECK:      arith.shli
    // CHECK-NEXT: arith.ori
    // CHECK:      %word = arith.ori
    %word = dsconv.load_word %x[%row] : memref<8xi8, #dsconv.space<l1>> -> i32
    // A dot product is four products of bytes: of the first operand unsigned here.
    // CHECK:      arith.trunci %word : i32 to i8
    // CHECK:      arith.extui
    // CHECK-NEXT: arith.extsi
    // CHECK-NEXT: arith.muli
    // CHECK:      %sum = arith.addi
    %sum = dsconv.sdot4 %word, %word unsigned, %word
    // Over 2 ** 8, half up, plus 5, in -128 to 127.
    // CHECK:      arith.extsi %sum : i32 to i64
    // CHECK:      arith.shrsi
    // CHECK:      arith.maxsi
    // CHECK-NEXT: arith.constant 127 : i64
    // CHECK-NEXT: arith.minsi
    // CHECK-NEXT: %value = arith.trunci
    %times = arith.constant 3 : i32
    %plus = arith.constant 0 : i64
    %shift = arith.constant 8 : i32
    %value = dsconv.requantise %sum times %times plus %plus over %shift : i32 "half_up" plus 5 clip -128 to 127
    // Over 7: a floored quotient, and one more where the rest is more than half.
    // CHECK:      arith.floordivsi
    // CHECK:      arith.cmpi sgt
    %seven = arith.constant 7 : i64
    %other = dsconv.requantise %value times %times plus %plus over %seven : i64 "half_even" plus 0 clip -128 to 127
    %byte = arith.trunci %other : i32 to i8
    memref.store %byte, %y[%row] : memref<4xi8, #dsconv.space<l1>>
  }
  func.return
}

// CHECK:      "memref.global"() <{sym_name = "weights", type = memref<8xi8, 3 : i64>
"memref.global"() <{sym_name = "weights", type = memref<8xi8, #dsconv.space<l3>>, initial_value = dense<1> : tensor<8xi8>, sym_visibility = "private", constant}> {dsconv.offset = 0 : i64} : () -> ()
dsconv.assembly "xpulp" for @kernel "ret"

// CHECK-NEXT: "memref.global"() <{sym_name = "net_l1", type = memref<24xi8, 1 : i64>, initial_value, sym_visibility = "private"}>
// CHECK-NEXT: "memref.global"() <{sym_name = "net_l2", type = memref<16xi8>
// CHECK-NEXT: func.func @net(%x: memref<8xi8>, %y: memref<4xi8>) {
func.func @net(%x: memref<8xi8, #dsconv.space<l2>>, %y: memref<4xi8, #dsconv.space<l2>>) attributes {dsconv.l1_bytes = 24 : i64, dsconv.l2_bytes = 16 : i64, dsconv.l3_bytes = 8 : i64, dsconv.l3_image_bytes = 8 : i64, dsconv.offset = [0 : i64, 8 : i64]} {
  // CHECK:      memref.get_global @net_l2 : memref<16xi8>
  // CHECK:      memref.view
  %w2 = dsconv.buffer "w2" at 8 : memref<8xi8, #dsconv.space<l2>>
  %zero = arith.constant 0 : index
  %first = "test.op"() : () -> i1
  // CHECK:      scf.if
  // CHECK-NEXT: "memref.copy"({{.*}}) : (memref<8xi8, 3 : i64>, memref<8xi8>) -> ()
  %far = memref.get_global @weights : memref<8xi8, #dsconv.space<l3>>
  dsconv.l3_load %far[%zero] to %w2 box <8> when %first : memref<8xi8, #dsconv.space<l3>> to memref<8xi8, #dsconv.space<l2>>
  dsconv.l3_wait %w2 : memref<8xi8, #dsconv.space<l2>>
  dsconv.layer "a" "rescale" makes tensor<1x1x2x2xsi8> in %y : memref<4xi8, #dsconv.space<l2>> attributes {tile = #dsconv.tile<1, 2, 2, weights>, schedule = #dsconv.schedule<[chw, chw]>, macs = 0 : i64} {
    // CHECK:      memref.get_global @net_l1 : memref<24xi8, 1 : i64>
    %t = dsconv.buffer "t" at 8 : memref<16xi8, #dsconv.space<l1>>
    %out = dsconv.buffer "o" at 0 : memref<4xi8, #dsconv.space<l1>>
    %half = dsconv.slot %t[%zero] : memref<16xi8, #dsconv.space<l1>> to memref<8xi8, #dsconv.space<l1>>
    // Two lines of two bytes, four bytes apart in L2.
    // CHECK:      memref.reinterpret_cast %x to offset: [1], sizes: [2, 2], strides: [4, 1] : memref<8xi8> to memref<2x2xi8, strided<[4, 1], offset: 1>>
    // CHECK-NEXT: memref.reinterpret_cast %{{.*}} to offset: [0], sizes: [2, 2], strides: [2, 1]
    // CHECK-NEXT: "memref.copy"
    %one = arith.constant 1 : index
    %move = dsconv.dma_start %x[%one] to %half[%zero] box <2 by 4, 2> : memref<8xi8, #dsconv.space<l2>> to memref<8xi8, #dsconv.space<l1>>
    dsconv.wait %move
    // CHECK:      memref.store
    dsconv.fill %half at 4 bytes 4 with -3 : memref<8xi8, #dsconv.space<l1>>
    // Two lines of two bytes, four bytes apart in both.
    // CHECK:      scf.if
    // CHECK:      scf.for %line
    // CHECK:      scf.for %byte
    // CHECK:      memref.load %{{.*}} : memref<8xi8, 1 : i64>
    // CHECK:      memref.store %{{.*}} : memref<8xi8, 1 : i64>
    dsconv.move %half[%one] to %half[%zero] bytes 2 when %first {lines = 2, line_stride = 4} : memref<8xi8, #dsconv.space<l1>> to memref<8xi8, #dsconv.space<l1>>
    dsconv.barrier
    // CHECK:      func.call @kernel
    func.call @kernel(%half, %out, %zero) : (memref<8xi8, #dsconv.space<l1>>, memref<4xi8, #dsconv.space<l1>>, index) -> ()
    // CHECK:      "memref.copy"({{.*}}, %y) : (memref<4xi8, 1 : i64>, memref<4xi8>) -> ()
    %back = dsconv.dma_start %out[%zero] to %y[%zero] box <4> : memref<4xi8, #dsconv.space<l1>> to memref<4xi8, #dsconv.space<l2>>
    dsconv.wait %back
  }
  // CHECK-NEXT: func.return
  func.return
}
// CHECK-NOT:  dsconv
