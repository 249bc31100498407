func.func @g(%c: i1) { 
 cf.br ^bb1
^bb1:
 func.return }
