# heatmap.gp - a metric over two parameters, a cell a setting.
# DATA: column, row, shade (0 to 1), what it is (0 not tried, 1 a value, 2 not
# allowed, 3 never defined), missed (1), text.
# Also NX NY, XNAME YNAME, XSAYS1 .. YSAYS1 .. (their values), LONGEST (letters
# of a number), BESTX BESTY (the best cell, -1: none), WHAT (the metric), the colour bar's ticks CN CAT1 CSAYS1 ...
load STYLE
@HEAD
left = 58.0 + 8.4*LABEL; right = W - 120.0; top = 70.0; bottom = 66.0
set lmargin at screen left/W; set rmargin at screen right/W
set tmargin at screen 1-top/H; set bmargin at screen bottom/H
set xrange [-0.5:NX-0.5]; set yrange [-0.5:NY-0.5]
unset grid; set border 0
set xtics () scale 0; set ytics () scale 0
do for [i=1:NX] { set xtics add (value('XSAYS'.i) i-1) }
do for [i=1:NY] { set ytics add (value('YSAYS'.i) i-1) }
set xlabel XNAME; set label 3 YNAME at screen 18.0/W,graph 0.5 center rotate by 90 textcolor rgb GREY
set palette defined (0 '#F7FBFF', 0.25 '#C6DBEF', 0.5 '#6BAED6', 0.75 '#2171B5', 1 '#08306B')
set cbrange [0:1]; set colorbox noborder user origin (right + 24.0)/W,bottom/H size 14.0/W,(H - top - bottom)/H
set cbtics () scale 0 textcolor rgb GREY
do for [i=1:CN] { set cbtics add (value('CSAYS'.i) value('CAT'.i)) }
set label 4 WHAT at screen (W - 14.0)/W,graph 0.5 center rotate by 90 textcolor rgb GREY
# White gaps of some pixels; letters that fit.
wide = (right - left)/NX; high = (H - top - bottom)/NY
gx = 2.0/wide; gy = 2.0/high
points = wide/(0.85*LONGEST + 0.9)
if (points > 0.45*high) points = 0.45*high
if (points > 11) points = 11
LETTERS = sprintf(',%.1f', points*PX)
NOTE = sprintf(',%.1f', (wide/9.5 > 9 ? 9 : wide/9.5 < 4 ? 4 : wide/9.5)*PX)
ink(v) = v > 0.5 ? 0xffffff : 0x222222
is(k, x) = column(4) == k ? x : NaN
missed(x) = column(5) == 1 ? x : NaN
if (BESTX >= 0) { set object 2 rect center BESTX,BESTY size (1-2*gx),(1-2*gy) front fs empty border lc rgb STARTING lw 4 }
plot DATA using (is(0,$1)):2:($1-0.5+gx):($1+0.5-gx):($2-0.5+gy):($2+0.5-gy) with boxxyerror lc rgb '#FAFAFA' fs solid noborder, \
     DATA using (is(2,$1)):2:($1-0.5+gx):($1+0.5-gx):($2-0.5+gy):($2+0.5-gy) with boxxyerror lc rgb '#F0F0F0' fs solid noborder, \
     DATA using (is(3,$1)):2:($1-0.5+gx):($1+0.5-gx):($2-0.5+gy):($2+0.5-gy) with boxxyerror lc rgb '#F0F0F0' fs solid noborder, \
     DATA using (is(1,$1)):2:($1-0.5+gx):($1+0.5-gx):($2-0.5+gy):($2+0.5-gy):3 with boxxyerror lc palette fs solid noborder, \
     for [s=0:1] DATA using (missed($1-0.44+0.64*s)):($2-0.44+0.64*s):(0.24):(0.24) with vectors nohead lc rgb '#ffffff' lw 2.6, \
     for [s=0:1] DATA using (missed($1-0.44+0.64*s)):($2-0.44+0.64*s):(0.24):(0.24) with vectors nohead lc rgb '#777777' lw 1.1, \
     DATA using (is(1,$1)):2:6:(ink($3)) with labels textcolor rgb variable font LETTERS, \
     DATA using ($4 >= 2 ? $1 : NaN):2:6 with labels textcolor rgb GREY font NOTE
unset output
